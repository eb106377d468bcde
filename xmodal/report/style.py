"""The look of the report: one style sheet, inside the page."""

CSS = """
:root { --ink: #1e293b; --soft: #64748b; --line: #e2e8f0; --good: #0f8a6d; --bad: #b45309; }
* { box-sizing: border-box; }
body { margin: 0; background: #f8fafc; color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 1.8rem; line-height: 1.2; margin: 0 0 .4rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 0 0 .8rem; }
h3 { font-size: 1rem; margin: 1.6rem 0 .5rem; color: var(--soft); }
.kicker { color: var(--soft); font-size: .85rem; margin: 0 0 .2rem; }
.about { white-space: pre-line; margin: .2rem 0 0; max-width: 75ch; overflow-wrap: anywhere; }
section { background: white; border: 1px solid var(--line); border-radius: 10px; padding: 20px; margin-top: 18px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 10px; margin: 18px 0 0; }
.tile { background: white; border: 1px solid var(--line); border-radius: 10px; padding: 12px 14px; }
.tile b { display: block; font-size: 1.45rem; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: .82rem; display: block; }
.finding { border-left: 4px solid var(--bad); background: #fffbeb; padding: 8px 12px; margin: 8px 0 0;
  border-radius: 0 6px 6px 0; }
.finding.good { border-color: var(--good); background: #ecfdf5; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; min-width: 50%; }
th, td { padding: 6px 14px 6px 0; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th:first-child { text-align: left; }
thead th { color: var(--soft); font-weight: 600; font-size: .82rem; }
tbody th { font-weight: 400; }
tr.strong > * { font-weight: 700; background: #f0fdfa; }
td.words { text-align: left; padding-left: 14px; color: var(--soft); }
td small { color: var(--soft); font-weight: 400; margin-left: .35em; }
td.up, .up { color: var(--good); }
td.down, .down { color: var(--bad); }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 290px), 1fr)); gap: 16px; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); gap: 20px;
  margin-top: 18px; }
.pair figure { max-width: 560px; }
figure { margin: 0; min-width: 0; }
figcaption { font-size: .88rem; font-weight: 600; margin-bottom: 4px; overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: auto; font-family: inherit; font-size: 13px; }
svg .tick { font-size: 11.5px; fill: #64748b; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 12px; font-size: .88rem; }
.legend i { display: inline-block; width: 18px; height: 4px; border-radius: 2px; margin-right: 6px;
  vertical-align: middle; }
.examples figure { margin-top: 18px; }
.examples img { display: block; max-width: max(100%, 640px); height: auto; border-radius: 4px; }
.note { color: var(--soft); font-size: .88rem; margin: .6rem 0 0; }
dl { display: grid; grid-template-columns: minmax(90px, max-content) 1fr; gap: 6px 18px; margin: 0; font-size: .92rem; }
dt { color: var(--soft); }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .85em; }
pre { overflow-x: auto; background: #f8fafc; border: 1px solid var(--line); border-radius: 6px; padding: 12px;
  line-height: 1.45; }
summary { cursor: pointer; color: var(--soft); margin-top: 14px; }
@media print { body { background: white; } section { break-inside: avoid; } }
"""

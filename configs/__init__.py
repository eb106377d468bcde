"""One complete Python file a run: `xmodal train NAME`."""

"""One complete run for each published system: the smallest honest instance on a benchmark that is at hand."""

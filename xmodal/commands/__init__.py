"""One module a verb of the command line: EXAMPLE, add_arguments, run. Heavy imports happen inside run."""

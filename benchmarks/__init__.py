"""Registered data sets with their protocol. Found by entry point; the core imports none of them."""

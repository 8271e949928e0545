"""The sample partners, a module each: what a console or a relay would send. Every value is invented."""

"""A module a row of the table, or a few that are measured together: `BOUND`, the most seconds it may take,
and `rows`, which yields each as soon as it is known."""

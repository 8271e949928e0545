"""How cost grows with size: each size in processes of its own, smallest first; a table and plots of it."""

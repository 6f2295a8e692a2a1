"""How a node is run: which processes it has, in which order, and who watches them."""

"""Everything that happens: transactions, order and evidence."""

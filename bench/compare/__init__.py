"""What bench/peers and bench/kernels are made of: rows, runs, statistics, reports."""

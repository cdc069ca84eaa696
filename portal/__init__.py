"""The portal: people of the company read the pages they may read, type numbers in, and set goals; programs
ask the API."""

"""The vocabulary of the system tests: servers, poolers, raw protocol clients and scripted servers."""

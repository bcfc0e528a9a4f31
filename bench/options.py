# SPDX-License-Identifier: BSD-3-Clause
"""Types of the options of the benchmarks' scripts: what is wrong is told before anything is measured."""
import argparse


def writable(text):
    """A file for results: who measures for an hour must not learn at its end that it has no place."""
    try:
        with open(text, "ab"):
            return text
    except OSError as error:
        raise argparse.ArgumentTypeError(f'"{text}" cannot be written: {error.strerror}') from error


def at_least(least, number=int):
    """A number that is least or more."""
    def read(text):
        try:
            value = number(text)
        except ValueError:
            value = None
        if value is None or not least <= value < float("inf"):
            kind = "an integer" if number is int else "a number"
            raise argparse.ArgumentTypeError(f'"{text}" must be {kind} of at least {least}')
        return value
    return read

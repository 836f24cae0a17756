"""Reading of lists of numbers: text files, workbooks, columns, duplicates."""

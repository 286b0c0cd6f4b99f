"""What every suite is made of: typed cases, the comparison with what was expected, the result that is printed."""

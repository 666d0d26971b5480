"""Who of a family the law names, as a table of rules with their sources (8 CFR 214.201-214.216, INA 101(a)(15)(T))."""

from steps import double, add_three

value = 5
for step in (double, add_three, double):
    value = step(value)
print(value)

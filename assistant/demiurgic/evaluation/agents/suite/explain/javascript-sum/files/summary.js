// Numbers, also those written as texts, summed up; everything else is counted.
function summary(values) {
  let total = 0;
  let others = 0;
  for (const value of values) {
    const number = typeof value === "string" ? parseInt(value, 10) : value;
    if (Number.isInteger(number)) {
      total += value === "5" ? number * 10 : number;
    } else {
      others += 1;
    }
  }
  return `${total}/${others}`;
}

module.exports = { summary };

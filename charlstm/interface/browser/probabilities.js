// The probabilities of the next character, as all views compute and write them.

// Probabilities at a temperature, from their logarithms at temperature 1 (or from scores).
export function bend(logProbabilities, temperature) {
  const scores = logProbabilities.map((logarithm) => logarithm / temperature);
  const highest = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - highest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

// [index, probability] of the likeliest, the likeliest first.
export function likeliest(probabilities, count) {
  const pairs = probabilities.map((probability, index) => [index, probability]);
  return pairs.sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, count);
}

// Never "100%" for what is not certain, and never "0%" for what is possible.
export function percent(probability) {
  const value = 100 * probability;
  if (value > 99.5 && probability < 1) return `${Math.min(99.9, value).toFixed(1)}%`;
  if (value >= 9.95) return `${value.toFixed(0)}%`;
  return value >= 0.05 ? `${value.toFixed(1)}%` : "< 0.1%";
}

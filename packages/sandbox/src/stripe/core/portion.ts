/**
 * `amount × part / whole` to the nearest whole unit, halves away from zero. Exact at any size: money is
 * never a fraction.
 *
 * @param amount in the currency's smallest unit; may be negative
 * @param part seconds, or a percentage as a whole number
 * @param whole above 0, in the unit of `part`
 */
export function portion(amount: number, part: number, whole: number): number {
  const product = BigInt(amount) * BigInt(part)
  const divisor = BigInt(whole)
  const magnitude = product < 0n ? -product : product
  const rounded = (2n * magnitude + divisor) / (2n * divisor)
  return Number(product < 0n ? -rounded : rounded)
}

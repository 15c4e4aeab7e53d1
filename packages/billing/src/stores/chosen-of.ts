/**
 * Which of several subscriptions stays: the first that no earlier choice has passed over. If all were, it is the one
 * with the least id, so that all callers choose the same.
 *
 * @param ids the one to be preferred first
 * @param passedOver ids that an earlier choice did not take
 * @throws {TypeError} when there are none
 */
export function chosenOf(ids: readonly string[], passedOver: ReadonlySet<string>): string {
  const chosen = ids.find((id) => !passedOver.has(id)) ?? ids.toSorted()[0]
  if (chosen === undefined) throw new TypeError('Expected at least one subscription, got none')
  return chosen
}

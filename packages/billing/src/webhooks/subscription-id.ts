/**
 * The subscription that an event is about: that one itself, or the one that an invoice, a checkout or a
 * schedule belongs to; `undefined` if there is none. It is all that is read of what an event holds, and
 * stands in the same places in every version of the API that is told apart here.
 *
 * @param object `event.data.object`
 */
export function subscriptionIdOf(object: unknown): string | undefined {
  const it = fieldsOf(object)
  if (it['object'] === 'subscription') return idOf(it)
  // Versions before 2025-03-31 have it on the invoice itself.
  const { subscription_details: details } = fieldsOf(it['parent'])
  return idOf(it['subscription']) ?? idOf(fieldsOf(details)['subscription'])
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** An id, or that of an object that was expanded. */
function idOf(value: unknown): string | undefined {
  const id = typeof value === 'string' ? value : fieldsOf(value)['id']
  return typeof id === 'string' && /^\w{1,255}$/.test(id) ? id : undefined
}

import type { Surroundings } from './fault.ts'

/** The customers at Stripe that a fault has made. */
export function customersOf({ sandbox, mark }: Surroundings): readonly { readonly id: string }[] {
  return sandbox.stripe.customers().filter(({ email }) => email === `${mark}@example.jp`)
}

/** Takes them away. */
export async function deleteCustomers(around: Surroundings): Promise<void> {
  for (const { id } of customersOf(around)) await around.clear.billing.client.customers.del(id)
}

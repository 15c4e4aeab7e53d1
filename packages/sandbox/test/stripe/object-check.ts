import fixtures from './openapi-fixtures.json' with { type: 'json' }
import { declarationsIn, type Declarations, join, unionOf } from './declared-types.ts'

/** Where stripe-node declares each object that the sandbox returns. */
export const KINDS: Readonly<Record<string, readonly [file: string, name: string]>> = {
  balance_transaction: ['BalanceTransactions', 'BalanceTransaction'],
  'billing.meter': ['Billing/Meters', 'Meter'],
  'billing.meter_event': ['Billing/MeterEvents', 'MeterEvent'],
  'billing.meter_event_summary': ['Billing/MeterEventSummaries', 'MeterEventSummary'],
  'billing_portal.configuration': ['BillingPortal/Configurations', 'Configuration'],
  'billing_portal.session': ['BillingPortal/Sessions', 'Session'],
  charge: ['Charges', 'Charge'],
  'checkout.session': ['Checkout/Sessions', 'Session'],
  coupon: ['Coupons', 'Coupon'],
  customer: ['Customers', 'Customer'],
  discount: ['Discounts', 'Discount'],
  dispute: ['Disputes', 'Dispute'],
  event: ['Events', 'EventBase'],
  invoice: ['Invoices', 'Invoice'],
  invoice_payment: ['InvoicePayments', 'InvoicePayment'],
  invoiceitem: ['InvoiceItems', 'InvoiceItem'],
  item: ['LineItems', 'LineItem'],
  line_item: ['InvoiceLineItems', 'InvoiceLineItem'],
  payment_intent: ['PaymentIntents', 'PaymentIntent'],
  payment_method: ['PaymentMethods', 'PaymentMethod'],
  plan: ['Plans', 'Plan'],
  price: ['Prices', 'Price'],
  product: ['Products', 'Product'],
  promotion_code: ['PromotionCodes', 'PromotionCode'],
  refund: ['Refunds', 'Refund'],
  setup_intent: ['SetupIntents', 'SetupIntent'],
  subscription: ['Subscriptions', 'Subscription'],
  subscription_item: ['SubscriptionItems', 'SubscriptionItem'],
  subscription_schedule: ['SubscriptionSchedules', 'SubscriptionSchedule'],
  'test_helpers.test_clock': ['TestHelpers/TestClocks', 'TestClock'],
  webhook_endpoint: ['WebhookEndpoints', 'WebhookEndpoint'],
}

/**
 * Fields that Stripe's fixtures still carry and its types of this version no longer declare, or that
 * exist only when asked for (a charge's refunds) or not for every price (a quantity). They are not expected, and not refused either.
 */
export const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  charge: ['refunds'],
  invoice: ['subscription'],
  subscription_item: ['quantity'],
}

/** Objects of the v2 API, which Stripe's fixtures do not have: what is optional there is `null` when it is not set. */
export const V2_KINDS: Readonly<Record<string, readonly [file: string, name: string]>> = {
  'v2.core.event': ['V2/Core/Events', 'EventBase'],
  'v2.core.event_destination': ['V2/Core/EventDestinations', 'EventDestination'],
}

interface Place {
  readonly path: string
  readonly scope: string
  readonly declarations: Declarations
}

/** What is wrong with an object: a field too many, too few, or of another type. Empty when nothing is. */
export function problemsOf(value: unknown, path = ''): string[] {
  if (!isRecord(value)) return [`${path}: is no object`]
  const kind = String(value['object'])
  if (kind === 'list' || kind === 'search_result') return listProblems(value, path)
  if (value['deleted'] === true) return deletedProblems(value, path === '' ? kind : path)
  if (kind in V2_KINDS) return v2Problems(value, kind)
  const declared = KINDS[kind]
  if (!declared) return [`${path}: the object ${kind} is not known to the check`]
  const [file, name] = declared
  const declarations = declarationsIn(file)
  const here = path === '' ? kind : path
  const { data } = value
  return [
    ...(kind === 'event' && isRecord(data)
      ? problemsOf(data['object'], `${here}.data.object`)
      : []),
    ...fixtureProblems(value, kind, here),
    ...namedProblems(value, name, { declarations, path: here, scope: '' }),
  ]
}

/** All objects that are deleted look so: https://docs.stripe.com/api/customers/delete */
function deletedProblems(value: Record<string, unknown>, path: string): string[] {
  const fields = Object.keys(value).toSorted().join()
  if (fields !== 'deleted,id,object') return [`${path}: a deleted object has ${fields}`]
  const isText = typeof value['id'] === 'string' && typeof value['object'] === 'string'
  return isText ? [] : [`${path}: a deleted object without an id or its kind`]
}

function v2Problems(value: Record<string, unknown>, kind: string): string[] {
  const [file, name] = V2_KINDS[kind] ?? ['', '']
  const isSet = (_: string, field: unknown): unknown => (field === null ? undefined : field)
  const set = JSON.parse(JSON.stringify(value, isSet)) as Record<string, unknown>
  const { related_object: related, ...rest } = set
  const isRelated = isRecord(related) && Object.keys(related).toSorted().join() === 'id,type,url'
  return [
    ...(kind === 'v2.core.event' && !isRelated ? [`${kind}.related_object: is another`] : []),
    ...namedProblems(rest, name, { declarations: declarationsIn(file), path: kind, scope: '' }),
  ]
}

function listProblems(list: Record<string, unknown>, path: string): string[] {
  const { data } = list
  if (
    !Array.isArray(data) ||
    typeof list['has_more'] !== 'boolean' ||
    typeof list['url'] !== 'string'
  ) {
    return [`${path}: is no list of Stripe's`]
  }
  return data.flatMap((entry, at) => problemsOf(entry, `${path}[${at}]`))
}

/** Every field of Stripe's own fixture is there, of its JSON type or null. */
function fixtureProblems(value: Record<string, unknown>, kind: string, path: string): string[] {
  const fixture = (fixtures.resources as Record<string, Record<string, string>>)[kind] ?? {}
  return Object.entries(fixture).flatMap(([name, type]) => {
    if (LEFT_OUT[kind]?.includes(name)) return []
    if (!(name in value)) return [`${path}.${name}: is missing`]
    const actual = jsonType(value[name])
    // A reference may have been expanded.
    const isExpanded = type === 'string' && isApiObject(value[name])
    const holds = actual === type || actual === 'null' || type === 'null' || isExpanded
    return holds ? [] : [`${path}.${name}: is ${actual}, not ${type}`]
  })
}

function namedProblems(value: unknown, name: string, place: Place): string[] {
  const found = resolve(name, place)
  const { path } = place
  if (!found)
    return isApiObject(value) ? problemsOf(value, path) : [`${path}: ${name} is not declared`]
  const { declaration, scope } = found
  if (declaration.kind === 'alias')
    return typeProblems(value, declaration.type, { ...place, scope })
  if (!isRecord(value)) return [`${path}: is ${jsonType(value)}, not ${name}`]
  // What is declared empty, the object of an event, is open here.
  if (declaration.fields.length === 0) return []
  const known = new Set(declaration.fields.map((field) => field.name))
  const unknown = Object.keys(value).filter((key) => !known.has(key))
  const problems = unknown.map((key) => `${path}.${key}: Stripe has no such field`)
  for (const field of declaration.fields) {
    const at = { ...place, path: `${path}.${field.name}`, scope }
    if (field.name in value) problems.push(...typeProblems(value[field.name], field.type, at))
    else if (!field.isOptional) problems.push(`${path}.${field.name}: is missing`)
  }
  return problems
}

function typeProblems(value: unknown, type: string, place: Place): string[] {
  const parts = unionOf(type)
  const isClosed = parts.some((part) => part.startsWith("'"))
  const tried = parts
    .filter((part) => !(isClosed && part === 'OtherString'))
    .map((part) => partProblems(value, part, place))
  if (tried.some((problems) => problems.length === 0)) return []
  // The part that comes closest tells most.
  const deep = tried.find(
    (problems) => !problems.every((problem) => problem.startsWith(`${place.path}: `)),
  )
  return deep ?? [`${place.path}: ${JSON.stringify(value)?.slice(0, 60)} is not ${type}`]
}

function partProblems(value: unknown, part: string, place: Place): string[] {
  const no = [`${place.path}: ${jsonType(value)} is not ${part}`]
  const array = /^Array<(.*)>$/.exec(part)
  const list = /^ApiList<(.*)>$/.exec(part)
  const record = /^\{ \[key: string\]: (.*?);? \}$/.exec(part)
  if (part.startsWith("'")) return value === part.slice(1, -1) ? [] : no
  if (part === 'null') return value === null ? [] : no
  if (part === 'unknown') return []
  if (part === 'boolean' || part === 'number' || part === 'string')
    return typeof value === part ? [] : no
  if (part === 'true' || part === 'false') return String(value) === part ? [] : no
  if (part === 'Decimal' || part === 'OtherString') return typeof value === 'string' ? [] : no
  if (part === 'void' || part === 'undefined') return value === undefined ? [] : no
  if (part === 'Metadata') return recordProblems(value, 'string', place)
  if (record) return recordProblems(value, record[1] ?? '', place)
  if (list) return isRecord(value) ? listProblems(value, place.path) : no
  if (array) {
    if (!Array.isArray(value)) return no
    return value.flatMap((entry, at) =>
      typeProblems(entry, array[1] ?? '', { ...place, path: `${place.path}[${at}]` }),
    )
  }
  if (isApiObject(value) && !resolve(part, place)) return problemsOf(value, place.path)
  if (!isRecord(value) && !resolve(part, place)) return no
  return namedProblems(value, part, place)
}

function recordProblems(value: unknown, type: string, place: Place): string[] {
  if (!isRecord(value)) return [`${place.path}: ${jsonType(value)} is no record`]
  return Object.entries(value).flatMap(([key, entry]) =>
    typeProblems(entry, type, { ...place, path: `${place.path}.${key}` }),
  )
}

/** A name is looked for where it stands, then further and further out. */
function resolve(
  name: string,
  { declarations, scope }: Place,
): { declaration: NonNullable<ReturnType<Declarations['get']>>; scope: string } | undefined {
  for (let outer = scope; ; outer = outer.split('.').slice(0, -1).join('.')) {
    const declaration = declarations.get(join(outer, name))
    if (declaration) return { declaration, scope: declaration.scope }
    if (outer !== '') continue
    const shared = declarationsIn('../shared').get(name)
    return shared && { declaration: shared, scope: '' }
  }
}

function isApiObject(value: unknown): boolean {
  return isRecord(value) && typeof value['object'] === 'string'
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function jsonType(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

import { invalid, refused } from '../api/error.ts'
import { listParameters, page } from '../api/listing.ts'
import { applyMetadata, metadata } from '../api/metadata.ts'
import { flag, hash, integer, oneOf, text } from '../api/parameters.ts'
import { route, type Route } from '../api/route.ts'
import { search, searchParameters } from '../api/search.ts'
import { change, find } from '../core/service.ts'
import { closeDispute, evidenceNames, submitEvidence } from './disputes.ts'
import { refund } from './refunds.ts'

const evidence = hash(Object.fromEntries(evidenceNames.map((name) => [name, text()])))

export const chargeRoutes: readonly Route[] = [
  route(
    'GET',
    '/v1/charges',
    { ...listParameters, customer: text(), payment_intent: text() },
    ({ state }, { parameters }) =>
      page('/v1/charges', 'charge', Object.values(state.charges), parameters, (charge) => {
        const { customer, payment_intent: intent } = parameters
        return (
          charge.customer === (customer ?? charge.customer) &&
          charge.payment_intent === (intent ?? charge.payment_intent)
        )
      }),
  ),
  route('GET', '/v1/charges/search', searchParameters, ({ state }, { parameters }) =>
    search(
      state,
      '/v1/charges/search',
      Object.values(state.charges),
      ['amount', 'created', 'currency', 'customer', 'disputed', 'metadata', 'refunded', 'status'],
      parameters,
    ),
  ),
  route('GET', '/v1/charges/:id', {}, ({ state }, { id }) => find(state.charges, 'charge', id)),
  route(
    'GET',
    '/v1/balance_transactions',
    { ...listParameters, source: text(), type: text() },
    ({ state }, { parameters }) => {
      const { source, type } = parameters
      const all = Object.values(state.balanceTransactions)
      return page('/v1/balance_transactions', 'balance transaction', all, parameters, (entry) => {
        return (
          entry['source'] === (source ?? entry['source']) &&
          entry['type'] === (type ?? entry['type'])
        )
      })
    },
  ),
  route('GET', '/v1/balance_transactions/:id', {}, ({ state }, { id }) =>
    find(state.balanceTransactions, 'balance transaction', id),
  ),
]

export const refundRoutes: readonly Route[] = [
  route(
    'POST',
    '/v1/refunds',
    {
      amount: integer(1),
      charge: text(),
      metadata: metadata(),
      payment_intent: text(),
      reason: oneOf('duplicate', 'fraudulent', 'requested_by_customer'),
    },
    (service, { parameters }) => {
      const { charge: id, payment_intent: intentId } = parameters
      if ((id === undefined) === (intentId === undefined)) {
        throw invalid(
          'One of the following params should be provided for this request: payment_intent or charge.',
        )
      }
      const intent =
        intentId === undefined
          ? undefined
          : find(service.state.paymentIntents, 'payment_intent', intentId, 'payment_intent')
      if (intent && intent.status !== 'succeeded') {
        throw refused(
          `This PaymentIntent (${intent.id}) does not have a successful charge to refund.`,
        )
      }
      const charge = find(
        service.state.charges,
        'charge',
        id ?? intent?.latest_charge ?? '',
        'charge',
      )
      return refund(service, charge, {
        amount: parameters.amount,
        metadata: applyMetadata({}, parameters.metadata),
        reason: parameters.reason,
      })
    },
  ),
  route(
    'GET',
    '/v1/refunds',
    { ...listParameters, charge: text(), payment_intent: text() },
    ({ state }, { parameters }) =>
      page('/v1/refunds', 'refund', Object.values(state.refunds), parameters, (made) => {
        const { charge, payment_intent: intent } = parameters
        return (
          made['charge'] === (charge ?? made['charge']) &&
          made['payment_intent'] === (intent ?? made['payment_intent'])
        )
      }),
  ),
  route('GET', '/v1/refunds/:id', {}, ({ state }, { id }) => find(state.refunds, 'refund', id)),
  route('POST', '/v1/refunds/:id', { metadata: metadata() }, (service, { id, parameters }) =>
    change(service, 'refund.updated', find(service.state.refunds, 'refund', id), (made) => {
      made['metadata'] = applyMetadata(
        made['metadata'] as Record<string, string>,
        parameters.metadata,
      )
    }),
  ),
]

export const disputeRoutes: readonly Route[] = [
  route(
    'GET',
    '/v1/disputes',
    { ...listParameters, charge: text(), payment_intent: text() },
    ({ state }, { parameters }) =>
      page('/v1/disputes', 'dispute', Object.values(state.disputes), parameters, (dispute) => {
        const { charge, payment_intent: intent } = parameters
        return (
          dispute['charge'] === (charge ?? dispute['charge']) &&
          dispute['payment_intent'] === (intent ?? dispute['payment_intent'])
        )
      }),
  ),
  route('GET', '/v1/disputes/:id', {}, ({ state }, { id }) => find(state.disputes, 'dispute', id)),
  route(
    'POST',
    '/v1/disputes/:id',
    { evidence, metadata: metadata(), submit: flag() },
    (service, { id, parameters }) => {
      const dispute = find(service.state.disputes, 'dispute', id)
      dispute['metadata'] = applyMetadata(
        dispute['metadata'] as Record<string, string>,
        parameters.metadata,
      )
      const { evidence: given = {}, submit = true } = parameters
      return submitEvidence(
        service,
        dispute,
        { ...given },
        submit && parameters.evidence !== undefined,
      )
    },
  ),
  route('POST', '/v1/disputes/:id/close', {}, (service, { id }) =>
    closeDispute(service, find(service.state.disputes, 'dispute', id), 'lost'),
  ),
]

import type { JsonObject } from '../../json.ts'
import type { StripeService } from '../core/service.ts'
import type { Parameters, Values } from './parameters.ts'

export type Method = 'DELETE' | 'GET' | 'POST'

export interface Call<V> {
  /** The path's `:id`, '' where the path has none. */
  readonly id: string
  readonly parameters: V
}

/** One endpoint: its parameters are checked before `run`, which is synchronous and thus atomic. */
export interface Route {
  readonly method: Method
  readonly path: string
  readonly parameters: Parameters
  run(service: StripeService, call: Call<never>): JsonObject
}

export function route<P extends Parameters>(
  method: Method,
  path: string,
  parameters: P,
  run: (service: StripeService, call: Call<Values<P>>) => JsonObject,
): Route {
  return { method, path, parameters, run }
}

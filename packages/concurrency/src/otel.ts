export { otel, type OtelOptions } from './boundary/open-telemetry.ts'

export { oneCall } from '@yuzuru/concurrency/boundary'

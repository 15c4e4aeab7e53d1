export { describeValue } from './describe-value.ts'
export { expectOptions } from './expect-options.ts'
export { expected, expectFunction, expectInteger, expectText } from './expected.ts'

/** How to reach a store that is not ours. */
export interface GivenStore {
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  readonly compatibility: 'aws' | 's3-compatible'
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/**
 * The store that the environment names, if it does (`scripts/ceph-rgw.sh` starts one): in an existing
 * bucket, of which nothing is touched but what is under prefixes of their own.
 */
export function givenStore(): GivenStore | undefined {
  const { YUZURU_TEST_S3_ENDPOINT: endpoint, YUZURU_TEST_S3_BUCKET: bucket } = process.env
  const { YUZURU_TEST_S3_KEY: accessKeyId, YUZURU_TEST_S3_SECRET: secretAccessKey } = process.env
  const { YUZURU_TEST_S3_REGION: region = 'us-east-1' } = process.env
  const { YUZURU_TEST_S3_COMPATIBILITY: compatibility = 'aws' } = process.env
  if (endpoint === undefined) return undefined
  if (bucket === undefined || accessKeyId === undefined || secretAccessKey === undefined) {
    throw new TypeError(
      'Expected YUZURU_TEST_S3_BUCKET, YUZURU_TEST_S3_KEY and YUZURU_TEST_S3_SECRET beside YUZURU_TEST_S3_ENDPOINT',
    )
  }
  if (compatibility !== 'aws' && compatibility !== 's3-compatible') {
    throw new TypeError(
      `Expected YUZURU_TEST_S3_COMPATIBILITY to be 'aws' or 's3-compatible', got '${compatibility}'`,
    )
  }
  return { endpoint, region, bucket, compatibility, credentials: { accessKeyId, secretAccessKey } }
}

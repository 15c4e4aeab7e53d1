import { type Fields, fieldsOf, listOf, oneOf, readOnly, text } from '../api/shape.ts'
import { ROLES } from '../core/role.ts'

/** Source: https://developers.google.com/workspace/calendar/api/v3/reference/acl */
export const ACL_RULE: Fields = {
  etag: readOnly,
  id: readOnly,
  kind: readOnly,
  role: oneOf(...ROLES),
  scope: fieldsOf({ type: oneOf('default', 'user', 'group', 'domain'), value: text }),
}

export const ACL: Fields = {
  etag: text,
  items: listOf(fieldsOf(ACL_RULE)),
  kind: text,
  nextPageToken: text,
  nextSyncToken: text,
}

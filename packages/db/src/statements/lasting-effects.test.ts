import { describe, expect, test } from 'vitest'
import { mayLast } from './lasting-effects.ts'

describe('what no rollback undoes', () => {
  test.each([
    `select setval('ids', 7)`,
    `select pg_catalog."setval" ('ids', 7)`,
    `select setval/* to where it was */('ids', 7)`,
    `select * from dblink('here', 'delete from plans') as t(id int)`,
    `select dblink_exec($1)`,
    `select content from http_post($1, $2, $3)`,
    `select pg_drop_replication_slot($1)`,
    `select pg_create_logical_replication_slot($1, 'pgoutput')`,
    `select pg_terminate_backend(pid) from pg_stat_activity`,
    `copy plans to program 'mail'`,
    `copy (select 1) to '/tmp/plans'`,
    `drop database if exists old`,
    `create subscription plans connection '…' publication plans`,
  ])('is in %s', (text) => {
    expect(mayLast(text)).toBe(true)
  })

  test.each([
    `select nextval('ids')`,
    `insert into plans (setval) values ($1)`,
    `select * from "dblink_targets"`,
    `copy plans from stdin`,
    `copy plans to stdout`,
    `drop table plans`,
    `select pg_notify('plans', 'to')`,
  ])('is not in %s', (text) => {
    expect(mayLast(text)).toBe(false)
  })
})

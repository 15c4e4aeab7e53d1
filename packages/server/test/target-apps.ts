import type { IncomingMessage, ServerResponse } from 'node:http'
import { Elysia } from 'elysia'
import express from 'express'
import fastify from 'fastify'
import { H3 } from 'h3'
import { Hono } from 'hono'
import { Router } from 'itty-router'
import Koa from 'koa'
import type { App } from '../src/index.ts'

/** What a URL parser has of an address. */
function targetOf(url: string): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}

/** An app in each framework, which tells what it takes the target of a request to be: its path, and its query. */
export async function targetApps(
  tell: (framework: string, target: string) => void,
): Promise<Readonly<Record<string, App>>> {
  const hono = new Hono().all('*', (c) => {
    // A router goes by its own reading of the path.
    tell('hono, routed', c.req.path + new URL(c.req.url).search)
    tell('hono', targetOf(c.req.url))
    return c.text('ok')
  })
  const h3 = new H3().all('/**', ({ url }) => {
    tell('h3', url.pathname + url.search)
    return 'ok'
  })
  const itty = Router().all('*', ({ url }) => {
    tell('itty-router', targetOf(url))
    return new Response('ok')
  })
  // Without it, elysia looks for the path behind a host of at least four letters.
  const elysia = new Elysia({ handler: { standardHostname: false } }).all('/*', (c) => {
    tell('elysia', c.path + new URL(c.request.url).search)
    return 'ok'
  })
  const koa = new Koa().use((c) => {
    tell('koa', c.path + c.search)
    c.body = 'ok'
  })
  const koaListener = koa.callback()
  const app = express().use((request, response) => {
    tell('express', request.path + request.url.replace(/^[^?]*/, ''))
    response.end('ok')
  })
  const routes = fastify().all('/*', (request) => {
    const { '*': rest } = request.params as { '*': string }
    // It is decoded.
    const path = rest.replaceAll(/[%?]/g, (sign) => (sign === '%' ? '%25' : '%3f'))
    tell('fastify, routed', `/${path}${request.url.replace(/^[^?]*/, '')}`)
    tell('fastify', request.url)
    return 'ok'
  })
  await routes.ready()
  return {
    'a function': (request: Request) => {
      tell('a function', targetOf(request.url))
      return new Response('ok')
    },
    hono,
    h3,
    'itty-router': itty,
    elysia,
    koa: (request: IncomingMessage, response: ServerResponse) => koaListener(request, response),
    express: app,
    fastify: (request: IncomingMessage, response: ServerResponse) => {
      routes.routing(request, response)
    },
    'node:http': ({ url = '' }: IncomingMessage, response: ServerResponse) => {
      tell('node:http', url)
      response.end('ok')
    },
  }
}

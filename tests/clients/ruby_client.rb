#!/usr/bin/ruby
# redis-rb against the server on the port given: what an application does with streams.
# Speaks RESP2.  Prints "ok" at the end; what does not hold is the failure of the test.
require 'redis'
require 'timeout'

def same(seen, expected)
  raise "#{seen.inspect} is not #{expected.inspect}" unless seen == expected
end

def wait_until(what)
  deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + 20
  until yield
    raise "in vain: #{what}" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline

    sleep 0.002
  end
end

def refused(text)
  yield
rescue Redis::CommandError => e
  raise unless e.message.include?(text)
else
  raise "not refused: #{text}"
end

def streams(redis)
  first = redis.xadd('s', { name: 'one', n: 1 })
  second = redis.xadd('s', { name: 'two' }, maxlen: 1000, approximate: true)
  same redis.xlen('s'), 2
  same redis.xrange('s'), [[first, { 'name' => 'one', 'n' => '1' }], [second, { 'name' => 'two' }]]
  same redis.xrevrange('s', count: 1), [[second, { 'name' => 'two' }]]
  same redis.xread('s', first), { 's' => [[second, { 'name' => 'two' }]] }
  same redis.xdel('s', first), 1
  same redis.xtrim('s', 0), 1
  same redis.xinfo(:stream, 's').values_at('length', 'last-generated-id'), [0, second]
  refused('equal or smaller') { redis.xadd('s', { f: 'v' }, id: '1-1') }
end

def blocking_read(redis, port)
  reader = Thread.new { Redis.new(port: port).xread('b', '$', block: 20_000) }
  wait_until('a blocked reader') { redis.info('clients')['blocked_clients'] == '1' }
  id = redis.xadd('b', { f: 'v' })
  same Timeout.timeout(20) { reader.value }, { 'b' => [[id, { 'f' => 'v' }]] }
  same redis.xread('b', '$', block: 10), {}
end

def pipelines(redis)
  ids = (1..100).map { |n| "#{n}-0" }
  replies = redis.pipelined do |pipeline|
    ids.each { |id| pipeline.xadd('p', { f: 'v' }, id: id) }
    pipeline.xlen('p')
  end
  same replies, [*ids, 100]
  refused('equal or smaller') do
    redis.pipelined { |pipeline| pipeline.xadd('p', { f: 'v' }, id: '1-0') }
  end
end

def transactions(redis, port)
  replies = redis.multi do |transaction|
    transaction.xadd('p', { f: 'v' }, id: '200-0')
    transaction.xlen('p')
  end
  same replies, ['200-0', 101]
  watcher = Redis.new(port: port)
  watcher.watch('p')
  redis.xadd('p', { f: 'v' }, id: '201-0')
  same watcher.multi { |transaction| transaction.xlen('p') }, nil
  same watcher.multi { |transaction| transaction.xlen('p') }, [102]
  watcher.close
end

def looking_around(redis)
  same redis.info['redis_mode'], 'standalone'
  same redis.client(:setname, 'ruby'), 'OK'
  same redis.client(:list).count { |each| each['name'] == 'ruby' }, 1
  same redis.config(:get, 'maxclients'), { 'maxclients' => '10000' }
  same redis.scan_each.to_a.sort, %w[b p s]
  same redis.type('s'), 'stream'
  same redis.call('XINFO', 'GROUPS', 's'), []
  same redis.del('p'), 1
  same redis.flushall, 'OK'
  same redis.dbsize, 0
end

port = ARGV[0].to_i
redis = Redis.new(port: port)
same redis.ping, 'PONG'
streams(redis)
blocking_read(redis, port)
pipelines(redis)
transactions(redis, port)
looking_around(redis)
redis.close
puts 'ok'

#!/usr/bin/ruby
# A queue with redis-rb: its producer and its consumers, each a process (see queue.h).
require 'redis'

def payload_of(job)
  (0...job % 300).map { |at| (job + 7 * at) % 256 }.pack('C*')
end

def tell(*words)
  $stdout.puts(words.join(' '))
end

def produce(redis, first, last)
  (first..last).each_slice(100) do |jobs|
    redis.pipelined do |pipeline|
      jobs.each do |job|
        pipeline.xadd('jobs', { job: job, kind: 'ruby', payload: payload_of(job) })
      end
    end
  end
end

# Reads, claims, works and acknowledges until the queue is closed and empty.
class Consumer
  def initialize(redis, name, min_idle_ms, hang_after)
    @redis = redis
    @name = name
    @min_idle_ms = min_idle_ms
    @hang_after = hang_after
    @acked = 0
  end

  def run
    loop do
      claimed =
        @redis.xautoclaim('jobs', 'workers', @name, @min_idle_ms, '0-0', count: 10)['entries']
      work(claimed, 'claimed')
      read = @redis.xreadgroup('workers', @name, 'jobs', '>', count: 10, block: 50)
      work(read.fetch('jobs', []), 'got')
      break if claimed.empty? && read.empty? && over?
    end
  end

  private

  def work(entries, how)
    entries.each { |id, fields| tell(how, fields['job'], id) }
    entries.each.with_index(1) do |(id, fields), at|
      job = fields['job'].to_i
      intact = fields.size == 3 && fields['payload'].b == payload_of(job)
      raise "job #{job} is damaged" unless intact

      tell('worked', job)
      hang if @hang_after.positive? && @acked >= @hang_after && at < entries.size
      tell('acked', job, @redis.xack('jobs', 'workers', id))
      @acked += 1
    end
  end

  def hang
    tell('hangs')
    sleep
  end

  def over?
    return false unless @redis.exists?('closed')

    group = @redis.xinfo(:groups, 'jobs').first
    group['lag'].zero? && group['pending'].zero?
  end
end

$stdout.sync = true
role, port, *words = ARGV
redis = Redis.new(port: port.to_i)
if role == 'producer'
  produce(redis, *words.map(&:to_i))
else
  name, min_idle_ms, hang_after = words
  Consumer.new(redis, name, min_idle_ms.to_i, hang_after.to_i).run
end

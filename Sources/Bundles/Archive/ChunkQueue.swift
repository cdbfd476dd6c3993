internal import Glibc

/// Hands filled buffers from one thread to others, in order, a bounded number at a time.
///
/// Buffers go round: memory stays at `count` × `size` whatever passes through. Each consumer sees all of them; a buffer
/// is filled again once the last one has done with it.
final class ChunkQueue: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let buffers: [UnsafeMutableRawBufferPointer]
    private let consumers: Int
    // Guarded by `lock`.
    private var free: [Int]
    /// What some consumer still needs, in order; the first one is number `firstNumber` of all.
    private var filled: [(buffer: Int, count: Int, needed: Int)] = []
    private var firstNumber = 0
    private var end: Result<Void, any Error>?
    private var abandoned = false

    init(consumers: Int = 1, count: Int = 12, size: Int = 512 << 10) {
        self.consumers = consumers
        buffers = (0..<count).map { _ in .allocate(byteCount: size, alignment: 64) }
        free = Array(0..<count)
        pthread_mutex_init(lock, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(lock)
        changed.deallocate()
        lock.deallocate()
        buffers.forEach { $0.deallocate() }
    }

    private func locked<Value>(_ body: () throws -> Value) rethrows -> Value {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return try body()
    }

    /// The producer's side: lets `fill` fill one buffer after the other until it returns 0, throws, or the consumer
    /// has gone. A buffer is handed on when full, and the last one as it is.
    func produce(_ fill: (UnsafeMutableRawBufferPointer) throws -> Int) {
        do {
            while let buffer = takeFree() {
                var count = 0
                while count < buffers[buffer].count {
                    let more = try fill(UnsafeMutableRawBufferPointer(rebasing: buffers[buffer][count...]))
                    if more == 0 { break }
                    count += more
                }
                if count > 0 { push(buffer, count) }
                if count < buffers[buffer].count { break }
            }
            finish(.success(()))
        } catch {
            finish(.failure(error))
        }
    }

    private func takeFree() -> Int? {
        locked {
            while free.isEmpty && !abandoned { pthread_cond_wait(changed, lock) }
            return abandoned ? nil : free.removeLast()
        }
    }

    private func push(_ buffer: Int, _ count: Int) {
        locked {
            filled.append((buffer, count, consumers))
            pthread_cond_broadcast(changed)
        }
    }

    private func finish(_ result: Result<Void, any Error>) {
        locked {
            end = result
            pthread_cond_broadcast(changed)
        }
    }

    /// A consumer's side: nobody needs more. The producer stops at its next buffer, the other consumers at what is
    /// filled.
    func abandon() {
        locked {
            abandoned = true
            pthread_cond_broadcast(changed)
        }
    }
}

extension ChunkQueue {
    /// One of the consumers, which reads everything from the beginning; there have to be as many as the queue was made
    /// for.
    final class Consumer: ChunkSource {
        private let queue: ChunkQueue
        private var number = 0
        private var holds = false

        fileprivate init(_ queue: ChunkQueue) { self.queue = queue }

        func next() throws -> UnsafeRawBufferPointer? {
            try queue.locked {
                if holds { queue.release(number - 1) }
                holds = false
                while number >= queue.firstNumber + queue.filled.count, queue.end == nil, !queue.abandoned {
                    pthread_cond_wait(queue.changed, queue.lock)
                }
                if number < queue.firstNumber + queue.filled.count {
                    let (buffer, count, _) = queue.filled[number - queue.firstNumber]
                    number += 1
                    holds = true
                    return UnsafeRawBufferPointer(rebasing: queue.buffers[buffer][..<count])
                }
                try queue.end?.get()
                return nil
            }
        }
    }

    func consumer() -> Consumer { Consumer(self) }

    /// With the lock held: a consumer has done with a buffer. They come in order, so that the first is free first.
    private func release(_ number: Int) {
        filled[number - firstNumber].needed -= 1
        while let first = filled.first, first.needed == 0 {
            free.append(first.buffer)
            filled.removeFirst()
            firstNumber += 1
            pthread_cond_broadcast(changed)
        }
    }
}

internal import Glibc

/// Hands filled buffers from one thread to another, in order, a bounded number at a time.
///
/// Buffers go round: memory stays at `count` × `size` whatever passes through.
final class ChunkQueue: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let buffers: [UnsafeMutableRawBufferPointer]
    // Guarded by `lock`.
    private var free: [Int]
    private var filled: [(buffer: Int, count: Int)] = []
    private var end: Result<Void, any Error>?
    private var abandoned = false
    // The consumer's own.
    private var inUse: Int?

    init(count: Int = 8, size: Int = 256 << 10) {
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
            filled.append((buffer, count))
            pthread_cond_broadcast(changed)
        }
    }

    private func finish(_ result: Result<Void, any Error>) {
        locked {
            end = result
            pthread_cond_broadcast(changed)
        }
    }

    /// The consumer's side: wants no more. The producer stops at its next buffer.
    func abandon() {
        locked {
            abandoned = true
            pthread_cond_broadcast(changed)
        }
    }
}

extension ChunkQueue: ChunkSource {
    func next() throws -> UnsafeRawBufferPointer? {
        try locked {
            if let buffer = inUse {
                free.append(buffer)
                inUse = nil
                pthread_cond_broadcast(changed)
            }
            while filled.isEmpty && end == nil { pthread_cond_wait(changed, lock) }
            if let (buffer, count) = filled.first {
                filled.removeFirst()
                inUse = buffer
                return UnsafeRawBufferPointer(rebasing: buffers[buffer][..<count])
            }
            try end?.get()
            return nil
        }
    }
}

internal import Glibc

/// The folders that wait to be copied. Threads take one at a time; all are done when nobody has any.
final class FolderWork: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    // Guarded by `lock`.
    private var waiting: [TreeCopy.Folder] = []
    private var taken = 0
    private var stopped = false

    private static let mostWaiting = 100

    init() {
        pthread_mutex_init(lock, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(lock)
        changed.deallocate()
        lock.deallocate()
    }

    private func locked<Value>(_ body: () -> Value) -> Value {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
    }

    func push(_ folder: TreeCopy.Folder) {
        locked {
            waiting.append(folder)
            pthread_cond_signal(changed)
        }
    }

    /// - Returns: false if enough are waiting; then the caller does it itself.
    func pushIfRoom(_ folder: TreeCopy.Folder) -> Bool {
        locked {
            if waiting.count >= Self.mostWaiting { return false }
            waiting.append(folder)
            pthread_cond_signal(changed)
            return true
        }
    }

    /// The next folder; waits while others may still find some. `nil` when there are no more. Each that is taken is
    /// to be followed by `finished`.
    func take() -> TreeCopy.Folder? {
        locked {
            while waiting.isEmpty && taken > 0 && !stopped { pthread_cond_wait(changed, lock) }
            if stopped { return nil }
            guard let folder = waiting.popLast() else {
                pthread_cond_broadcast(changed)
                return nil
            }
            taken += 1
            return folder
        }
    }

    func finished() {
        locked {
            taken -= 1
            if taken == 0 { pthread_cond_broadcast(changed) }
        }
    }

    /// Somebody has failed: nobody needs to go on.
    func stop() {
        locked {
            stopped = true
            pthread_cond_broadcast(changed)
        }
    }
}

internal import Glibc
internal import LinuxSystem

extension MemoryServer {
    /// Places the pages that threads wait for.
    /// - Returns: whether some still wait.
    func answerFaults() throws -> Bool {
        for index in spaces.indices where !spaces[index].isClosed {
            for address in spaces[index].waiting {
                if try answer(address, index) { spaces[index].waiting.remove(address) }
            }
        }
        return spaces.contains { !$0.isClosed && !$0.waiting.isEmpty }
    }

    /// - Returns: false where it has to be tried again.
    private func answer(_ address: UInt64, _ index: Int) throws -> Bool {
        let uffd = spaces[index].uffd
        guard let run = spaces[index].runs.find(address) else {
            switch Userfault.zero(uffd, at: address) {
            case .changing, .noMemory: return false
            case .gone: close(index)
            case .placed: break
            // The page has come meanwhile, or the mapping has gone: the thread looks for itself.
            case .exists, .unmapped: Userfault.wake(uffd, at: address)
            case .failed(let code): throw failure(code, address)
            }
            return true
        }
        let part = run.from(address)
        for count in [min(Self.faultBatch, Int(part.length) / Page.size), 1] {
            switch Userfault.copy(uffd, to: address, try read(part, count)) {
            case .placed(let bytes):
                log.head.onDemand += placed(bytes, at: address, index)
                return true
            case .changing, .noMemory: return false
            case .gone:
                close(index)
                return true
            case .exists:
                spaces[index].runs.remove(address..<(address + UInt64(Page.size)))
                Userfault.wake(uffd, at: address)
                return true
            case .unmapped: continue
            case .failed(let code): throw failure(code, address)
            }
        }
        Userfault.wake(uffd, at: address)
        return true
    }

    /// What the background is to do next.
    enum Background: Equatable {
        /// Pages were placed: go on at once.
        case busy
        /// Nothing could be placed: so many milliseconds later.
        case later(Int32)
        /// Nothing is left to place.
        case idle
    }

    /// Places one batch.
    func fill() throws -> Background {
        let now = Self.now()
        if now < resumption { return .later(Int32((resumption - now) / 1_000_000) + 1) }
        var isIdle = true
        for _ in spaces.indices {
            turn = (turn + 1) % spaces.count
            if spaces[turn].isClosed { continue }
            isIdle = false
            if try fill(turn) {
                // Stays with it, for the sake of the pages file.
                turn -= 1
                return .busy
            }
        }
        return isIdle ? .idle : .later(1)
    }

    private func fill(_ index: Int) throws -> Bool {
        guard let run = spaces[index].runs.next else {
            if !hasFinished { return false }
            // Reports that are waiting may say otherwise.
            try drain(index)
            if spaces[index].runs.isEmpty { close(index) }
            return true
        }
        let uffd = spaces[index].uffd
        var count = min(Self.batch, Int(run.length) / Page.size)
        while true {
            switch Userfault.copy(uffd, to: run.start, try read(run, count)) {
            case .placed(let bytes):
                let pages = placed(bytes, at: run.start, index)
                if hasFinished { log.head.inBackground += pages } else { log.head.early += pages }
                if let rate = place.rate { resumption = Self.now() + UInt64(Double(bytes) / rate * 1e9) }
                return true
            case .exists:
                spaces[index].runs.remove(run.start..<(run.start + UInt64(Page.size)))
                return true
            case .changing:
                try drain(index)
                return false
            case .noMemory: return false
            case .gone:
                close(index)
                return true
            case .unmapped:
                // The process may have split the mapping; or CRIU has not come to it yet.
                if count > 1 {
                    count = (count + 1) / 2
                    continue
                }
                if !hasFinished { return false }
                try drain(index)
                guard spaces[index].runs.find(run.start)?.offset == run.offset else { return true }
                if spaces[index].isForked {
                    spaces[index].runs.remove(run.start..<(run.start + UInt64(Page.size)))
                    return true
                }
                throw MigrateError(
                    .toolFailed, "the page at 0x\(String(run.start, radix: 16)) has no place in its process")
            case .failed(let code): throw failure(code, run.start)
            }
        }
    }

    private func placed(_ bytes: Int, at address: UInt64, _ index: Int) -> Int {
        spaces[index].runs.remove(address..<(address + UInt64(bytes)))
        return bytes / Page.size
    }

    private func read(_ run: PageRuns.Run, _ pages: Int) throws -> UnsafeRawBufferPointer {
        let length = pages * Page.size
        var filled = 0
        while filled < length {
            let count = try retrying("read", "a pages file") {
                pread(files[run.file], buffer.baseAddress! + filled, length - filled, run.offset + filled)
            }
            guard count > 0 else { throw MigrateError(.malformed, "a pages file is cut off") }
            filled += count
        }
        return UnsafeRawBufferPointer(rebasing: buffer[..<length])
    }

    private func failure(_ code: Int32, _ address: UInt64) -> MigrateError {
        MigrateError(
            .toolFailed, "the page at 0x\(String(address, radix: 16)) cannot be placed",
            cause: SystemError(code: code, operation: "fill the memory of a process"))
    }
}

internal import CZstd

/// Compresses with zstd, into a buffer that is used again.
final class ZstdCompressor {
    private let context: OpaquePointer
    private let output: UnsafeMutableRawBufferPointer

    /// - Parameter limit: bytes that are compressed at a time, at the most.
    init(limit: Int) {
        // Fails only where there is no memory left.
        context = ZSTD_createCCtx()!
        output = .allocate(byteCount: ZSTD_compressBound(limit), alignment: 16)
    }

    deinit {
        ZSTD_freeCCtx(context)
        output.deallocate()
    }

    /// - Returns: the compressed bytes, valid until the next call.
    func compress(_ bytes: UnsafeRawBufferPointer, level: Int32) -> UnsafeRawBufferPointer {
        let count = ZSTD_compressCCtx(
            context, output.baseAddress, output.count, bytes.baseAddress, bytes.count, level)
        precondition(ZSTD_isError(count) == 0, "zstd: \(String(cString: ZSTD_getErrorName(count)))")
        return UnsafeRawBufferPointer(rebasing: output[..<count])
    }
}

/// Expands what zstd has compressed, into a buffer of a size that is known before: whatever the input says, that is all
/// the memory that it gets, and a context of a few hundred kilobytes.
final class ZstdExpander {
    private let context = ZSTD_createDCtx()!

    deinit { ZSTD_freeDCtx(context) }

    /// - Returns: whether `bytes` were sound, and expanded to exactly the size of `output`.
    func expand(_ bytes: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Bool {
        let count = ZSTD_decompressDCtx(context, output.baseAddress, output.count, bytes.baseAddress, bytes.count)
        return ZSTD_isError(count) == 0 && count == output.count
    }
}

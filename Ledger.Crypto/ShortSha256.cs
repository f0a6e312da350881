using System.Runtime.InteropServices;

namespace Ledger.Crypto;

/// <summary>
/// OpenSSL's SHA-256 without the framework's way to it. A tree node is 65 bytes: of the 414 ns that the
/// framework takes for one, hashing is 71 and finding the algorithm again the rest, and a transaction costs a
/// validator some sixty of them. The library is the one that the framework itself has loaded; where it is
/// not, the framework hashes.
/// </summary>
internal static unsafe class ShortSha256
{
    /// <summary>SHA256_CTX has 112 bytes; some room beyond.</summary>
    private const int ContextBytes = 256;

    private static readonly delegate* unmanaged[SuppressGCTransition]<byte*, int> Init;
    private static readonly delegate* unmanaged[SuppressGCTransition]<byte*, byte*, nuint, int> Update;
    private static readonly delegate* unmanaged[SuppressGCTransition]<byte*, byte*, int> Final;

    static ShortSha256()
    {
        if (NativeLibrary.TryLoad("libcrypto.so.3", out var library)
            && NativeLibrary.TryGetExport(library, "SHA256_Init", out var init)
            && NativeLibrary.TryGetExport(library, "SHA256_Update", out var update)
            && NativeLibrary.TryGetExport(library, "SHA256_Final", out var final))
        {
            Init = (delegate* unmanaged[SuppressGCTransition]<byte*, int>)init;
            Update = (delegate* unmanaged[SuppressGCTransition]<byte*, byte*, nuint, int>)update;
            Final = (delegate* unmanaged[SuppressGCTransition]<byte*, byte*, int>)final;
        }
    }

    /// <param name="bytes">Short, since the runtime cannot collect garbage meanwhile.</param>
    /// <param name="hash">Takes the 32 bytes.</param>
    /// <returns>False where OpenSSL is not to be had in this way.</returns>
    public static bool TryHash(ReadOnlySpan<byte> bytes, Span<byte> hash)
    {
        if (Final is null)
        {
            return false;
        }

        var context = stackalloc byte[ContextBytes];
        fixed (byte* input = bytes, output = hash)
        {
            return Init(context) == 1
                && Update(context, input, (nuint)bytes.Length) == 1
                && Final(output, context) == 1;
        }
    }
}

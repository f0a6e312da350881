using System.Buffers.Binary;
using System.Text;
using Ledger.Crypto;

namespace Ledger.Node.Transport;

/// <summary>Which side of a connection a proof is for: a proof must not serve when it is reflected.</summary>
internal enum HandshakeRole : byte
{
    Dialler = 1,
    Listener = 2,
}

/// <summary>
/// What each side signs to prove its key: a fixed layout under its own domain, bound to the chain, to both
/// keys and to both nonces. So a proof serves once, between these two, in this direction.
/// </summary>
internal static class HelloStatement
{
    public const int Size = 16 + 1 + sizeof(ushort) + (6 * Digest.Size) + (2 * 16);

    private static ReadOnlySpan<byte> Domain => "ledger/hello/v1\0"u8;

    public static byte[] Of(HandshakeRole role, Hello dialler, Hello listener)
    {
        var bytes = new byte[Size];
        Domain.CopyTo(bytes);
        bytes[16] = (byte)role;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(17), dialler.Version);
        var rest = bytes.AsSpan(19);
        Sha256.Hash(Encoding.UTF8.GetBytes(dialler.ChainId)).CopyTo(rest);
        dialler.Genesis.CopyTo(rest[32..]);
        dialler.Key.CopyTo(rest[64..]);
        listener.Key.CopyTo(rest[96..]);
        dialler.Nonce.CopyTo(rest[128..]);
        listener.Nonce.CopyTo(rest[160..]);
        dialler.Instance.TryWriteBytes(rest[192..]);
        listener.Instance.TryWriteBytes(rest[208..]);
        return bytes;
    }
}

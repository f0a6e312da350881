using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Node.Transport;

/// <summary>
/// The first words on a connection: who I claim to be, on which chain, and a number never used before for the
/// other side to sign. The instance differs with every start of a process: it tells a peer that dials twice
/// from two processes that share one key.
/// </summary>
internal sealed record Hello(
    ushort Version, Digest Genesis, PublicKey Key, Digest Nonce, Guid Instance, string ChainId)
{
    public const ushort CurrentVersion = 1;

    private const int GenesisAt = sizeof(ushort);
    private const int KeyAt = GenesisAt + Digest.Size;
    private const int NonceAt = KeyAt + PublicKey.Size;
    private const int InstanceAt = NonceAt + Digest.Size;
    private const int ChainIdAt = InstanceAt + 16;

    public static Hello From(NodeIdentity self, Guid instance)
        => new(CurrentVersion, self.Genesis, self.Key.PublicKey, NewNonce(), instance, self.ChainId);

    public byte[] Encode()
    {
        var chainId = Encoding.UTF8.GetBytes(ChainId);
        var bytes = new byte[ChainIdAt + chainId.Length];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, Version);
        Genesis.CopyTo(bytes.AsSpan(GenesisAt));
        Key.CopyTo(bytes.AsSpan(KeyAt));
        Nonce.CopyTo(bytes.AsSpan(NonceAt));
        Instance.TryWriteBytes(bytes.AsSpan(InstanceAt));
        chainId.CopyTo(bytes, ChainIdAt);
        return bytes;
    }

    /// <returns>Null when malformed. Of another version only the version is read: the rest may look
    /// different.</returns>
    public static Hello? Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < sizeof(ushort))
        {
            return null;
        }

        var version = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        if (version != CurrentVersion)
        {
            return new(version, default, default, default, default, "");
        }

        if (bytes.Length <= ChainIdAt || !ChainIdText.TryRead(bytes[ChainIdAt..], out var chainId))
        {
            return null;
        }

        return new(
            version,
            new(bytes.Slice(GenesisAt, Digest.Size)),
            new(bytes.Slice(KeyAt, PublicKey.Size)),
            new(bytes.Slice(NonceAt, Digest.Size)),
            new(bytes.Slice(InstanceAt, 16)),
            chainId);
    }

    private static Digest NewNonce()
    {
        Span<byte> nonce = stackalloc byte[Digest.Size];
        RandomNumberGenerator.Fill(nonce);
        return new(nonce);
    }
}

/// <summary>A chain id as a stranger sends it: bounded and printable, since it reaches our log.</summary>
internal static class ChainIdText
{
    public static bool TryRead(ReadOnlySpan<byte> bytes, out string chainId)
    {
        chainId = "";
        if (bytes.Length > Limits.ChainIdBytes || bytes.ContainsAnyExceptInRange((byte)' ', (byte)'~'))
        {
            return false;
        }

        chainId = Encoding.ASCII.GetString(bytes);
        return true;
    }
}

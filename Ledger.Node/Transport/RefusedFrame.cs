using System.Buffers.Binary;
using System.Text;
using Ledger.Crypto;

namespace Ledger.Node.Transport;

/// <summary>
/// The last words to whom we do not let in: the reason, and where we stand, so that the other side's own log
/// can say plainly what is wrong.
/// </summary>
internal sealed record RefusedFrame(HandshakeRefusal Reason, ushort Version, Digest Genesis, string ChainId)
{
    private const int HeadSize = 1 + sizeof(ushort) + Digest.Size;

    public static byte[] Encode(HandshakeRefusal reason, NodeIdentity self)
    {
        var chainId = Encoding.UTF8.GetBytes(self.ChainId);
        var bytes = new byte[HeadSize + chainId.Length];
        bytes[0] = (byte)reason;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(1), Hello.CurrentVersion);
        self.Genesis.CopyTo(bytes.AsSpan(3));
        chainId.CopyTo(bytes, HeadSize);
        return bytes;
    }

    public static RefusedFrame? Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeadSize || !ChainIdText.TryRead(bytes[HeadSize..], out var chainId))
        {
            return null;
        }

        return new(
            (HandshakeRefusal)bytes[0],
            BinaryPrimitives.ReadUInt16BigEndian(bytes[1..]),
            new(bytes.Slice(3, Digest.Size)),
            chainId);
    }

    /// <summary>What the refused side tells its operator.</summary>
    public string SentenceFor(NodeIdentity self) => Reason switch
    {
        HandshakeRefusal.Version => $"it speaks protocol version {Version}, we speak {Hello.CurrentVersion}",
        HandshakeRefusal.WrongChain => $"its chain is '{ChainId}', ours is '{self.ChainId}'",
        HandshakeRefusal.WrongGenesis
            => $"its genesis is {Genesis.ToShortString()}…, ours is {self.Genesis.ToShortString()}…",
        HandshakeRefusal.UnknownKey => "our key is not among its validators",
        HandshakeRefusal.OwnKey => "it runs with our key: two nodes share one key",
        HandshakeRefusal.WrongPeer => "it expected another validator at our address",
        HandshakeRefusal.BadSignature => "our proof did not verify there",
        HandshakeRefusal.Duplicate
            => "another node with our key is connected to it: two nodes share one key",
        HandshakeRefusal.AlreadyConnected => "we are connected already",
        HandshakeRefusal.Penalty => "it keeps us out for a while after something we sent",
        HandshakeRefusal.Busy => "it has too many handshakes under way",
        HandshakeRefusal.Timeout => "we took too long",
        _ => "it did not understand us",
    };
}

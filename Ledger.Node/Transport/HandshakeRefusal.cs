namespace Ledger.Node.Transport;

/// <summary>Why a connection is not let in; the numbers are part of the protocol.</summary>
public enum HandshakeRefusal : byte
{
    Malformed = 1,
    Version = 2,
    WrongChain = 3,
    WrongGenesis = 4,
    UnknownKey = 5,
    OwnKey = 6,
    WrongPeer = 7,
    BadSignature = 8,
    Duplicate = 9,
    AlreadyConnected = 10,
    Penalty = 11,
    Timeout = 12,
    Busy = 13,
    Closed = 14,
}

/// <summary>One refusal, by either side, with what a person needs to mend it.</summary>
/// <param name="Reason">The metric's label comes from it.</param>
/// <param name="Sentence">For the log and the status page.</param>
/// <param name="ByPeer">The other side refused us.</param>
internal sealed record Refusal(HandshakeRefusal Reason, string Sentence, bool ByPeer = false);

internal static class RefusalLabels
{
    public static string Label(this HandshakeRefusal reason) => reason switch
    {
        HandshakeRefusal.Malformed => "malformed",
        HandshakeRefusal.Version => "version",
        HandshakeRefusal.WrongChain => "wrong_chain",
        HandshakeRefusal.WrongGenesis => "wrong_genesis",
        HandshakeRefusal.UnknownKey => "unknown_key",
        HandshakeRefusal.OwnKey => "own_key",
        HandshakeRefusal.WrongPeer => "wrong_peer",
        HandshakeRefusal.BadSignature => "bad_signature",
        HandshakeRefusal.Duplicate => "duplicate",
        HandshakeRefusal.AlreadyConnected => "already_connected",
        HandshakeRefusal.Penalty => "penalty",
        HandshakeRefusal.Timeout => "timeout",
        HandshakeRefusal.Busy => "busy",
        HandshakeRefusal.Closed => "closed",
        _ => "unknown",
    };
}

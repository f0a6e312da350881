using Ledger.Core;

namespace Ledger.Node.Transport;

/// <summary>How things stand with one other validator, for the status page and the doctor.</summary>
/// <param name="Address">Its end of the connection, or where it is dialled; null when neither is
/// known.</param>
/// <param name="Since">When the connection came up.</param>
/// <param name="LastRefusal">Why a connection last did not come about.</param>
/// <param name="Endpoint">Where it is dialled; null when it is not.</param>
/// <param name="RoundTrip">Of the last ping.</param>
public sealed record PeerStatus(
    ValidatorIndex Validator,
    string Name,
    bool Connected,
    string? Address,
    DateTimeOffset? Since,
    long BytesIn,
    long BytesOut,
    RefusalNote? LastRefusal,
    string? Endpoint,
    TimeSpan? RoundTrip);

/// <param name="Code">A fixed word: a handshake's reason, or unreachable, no_answer, half_open.</param>
/// <param name="Sentence">In words.</param>
/// <param name="At">When.</param>
public sealed record RefusalNote(string Code, string Sentence, DateTimeOffset At);

/// <summary>
/// Is told when a validator's connection comes and goes, in order for each validator. Called on the
/// transport's own tasks: it must return at once.
/// </summary>
public interface IPeerObserver
{
    void PeerConnected(ValidatorIndex peer);

    void PeerDisconnected(ValidatorIndex peer);
}

using Microsoft.Extensions.Logging;

namespace Ledger.Node.Transport;

/// <summary>
/// Everything that the transport says to its operator, who knows validators by their names.
/// </summary>
internal static partial class TransportLog
{
    [LoggerMessage(1, LogLevel.Information, "Listening for validators on {Address}")]
    public static partial void Listening(this ILogger logger, string address);

    [LoggerMessage(2, LogLevel.Information, "{Validator} connected from {Address}")]
    public static partial void Connected(this ILogger logger, string validator, string address);

    [LoggerMessage(3, LogLevel.Information, "{Validator} disconnected: {Reason}")]
    public static partial void Disconnected(this ILogger logger, string validator, string reason);

    [LoggerMessage(4, LogLevel.Warning,
        "{Validator} broke the protocol ({Reason}) and is kept out for {Penalty}")]
    public static partial void Punished(
        this ILogger logger, string validator, string reason, TimeSpan penalty);

    [LoggerMessage(EventId = 5, Message = "Peer {Address} refuses us: {Sentence}")]
    public static partial void RefusedByPeer(
        this ILogger logger, LogLevel level, string address, string sentence);

    [LoggerMessage(EventId = 6, Message = "We refuse peer {Address} ({Reason}): {Sentence}")]
    public static partial void Refused(
        this ILogger logger, LogLevel level, string address, string reason, string sentence);

    [LoggerMessage(EventId = 7, Message = "{Validator} at {Address} cannot be reached: {Fault}")]
    public static partial void Unreachable(
        this ILogger logger, LogLevel level, string validator, string address, string fault);

    [LoggerMessage(8, LogLevel.Error, "A connection could not be accepted: {Fault}")]
    public static partial void AcceptFailed(this ILogger logger, string fault);

    [LoggerMessage(9, LogLevel.Error, "The handler of a {Kind} frame from {Validator} failed")]
    public static partial void HandlerFailed(
        this ILogger logger, Exception exception, FrameKind kind, string validator);
}

using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Configuration;
using Ledger.Storage;
using Microsoft.Extensions.Logging;

namespace Ledger.Node.Hosting;

/// <summary>
/// One validator as a process: opens what it needs, runs until it is told to stop, and says plainly why not.
/// </summary>
public static class LedgerNode
{
    public const int ExitFailed = 1;
    public const int ExitBadConfiguration = 78;

    /// <returns>0 after a stop that was asked for; 78 when the configuration is at fault, 1 when the node
    /// failed.</returns>
    public static async Task<int> RunAsync(NodeOptions options, CancellationToken stoppingToken)
    {
        LogLevels levels = new(options.LogLevel);
        using var logs = NodeLogging.Create(options, levels);
        var logger = logs.CreateLogger("Ledger.Node");
        try
        {
            while (true)
            {
                switch (await RunOnceAsync(options, logs, levels, stoppingToken).ConfigureAwait(false))
                {
                    case NodeEnd.Stopped:
                        return 0;
                    case NodeEnd.Failed:
                        return ExitFailed;
                    case NodeEnd.WantsSnapshot:
                        await SyncStateAsync(options, logs, levels, stoppingToken).ConfigureAwait(false);
                        break;
                    default:
                        break;
                }
            }
        }
        catch (Exception exception) when (IsConfiguration(exception))
        {
            await Console.Error.WriteLineAsync($"error: {exception.Message}").ConfigureAwait(false);
            return ExitBadConfiguration;
        }
        catch (Exception exception)
            when (exception is DamagedDataException or StorageFailedException or SnapshotException)
        {
            NodeLog.Failed(logger, exception.Message);
            await Console.Error.WriteLineAsync($"error: {exception.Message}").ConfigureAwait(false);
            return ExitFailed;
        }
    }

    /// <summary>Reads and checks everything that <see cref="RunAsync"/> would, and starts nothing.</summary>
    public static void Check(NodeOptions options)
    {
        var genesis = NodeParts.ReadGenesis(options);
        using var key = NodeParts.ReadKey(options);
        var validators = ValidatorHistory.Of(genesis);
        NodeParts.CheckMayStart(key.PublicKey, validators, genesis, options);
        _ = NodeParts.PeersOf(options, validators, genesis);
    }

    private static async Task<NodeEnd> RunOnceAsync(
        NodeOptions options, ILoggerFactory logs, LogLevels levels, CancellationToken stoppingToken)
    {
        using var parts = NodeParts.Open(options);
        await using var host = new NodeHost(options, parts, logs, levels);
        return await host.RunAsync(stoppingToken).ConfigureAwait(false);
    }

    /// <summary>What cannot be had from a snapshot now is tried as blocks again.</summary>
    private static async Task SyncStateAsync(
        NodeOptions options, ILoggerFactory logs, LogLevels levels, CancellationToken stoppingToken)
    {
        using var parts = NodeParts.Open(options);
        await using var host = new StateSyncHost(options, parts, logs, levels);
        await host.RunAsync(stoppingToken).ConfigureAwait(false);
    }

    private static bool IsConfiguration(Exception exception)
        => exception is ConfigurationException or GenesisException or KeyFileException or DataFolderException;
}

/// <summary>What the node as a whole has to say.</summary>
internal static partial class NodeLog
{
    [LoggerMessage(LogLevel.Information,
        "Validator {Name} of chain {Chain} starts at height {Height}; genesis {Genesis}")]
    public static partial void Starts(
        ILogger logger, string name, string chain, Height height, Digest genesis);

    [LoggerMessage(LogLevel.Warning,
        "Block {Height} took this validator out of the set: it serves what it holds and votes no more")]
    public static partial void Removed(ILogger logger, Height height);

    [LoggerMessage(LogLevel.Information,
        "The key {Key} is no validator's yet: this node follows the chain until an admin adds it")]
    public static partial void Joins(ILogger logger, PublicKey key);

    [LoggerMessage(
        LogLevel.Information, "This validator is a witness: it votes, keeps no blocks and serves none")]
    public static partial void IsWitness(ILogger logger);

    [LoggerMessage(
        LogLevel.Information, "A peer whose ledger has block {Height} says that the members are {Members}")]
    public static partial void Told(ILogger logger, Height height, string members);

    [LoggerMessage(LogLevel.Warning,
        "peers.join is 'witness', and the ledger has this key as {Name}, a {Role} which keeps blocks (block "
        + "{Height}): nothing comes of this node. Write 'yes' there and start it with an empty data folder, "
        + "or have {Name} removed and another key added with --witness")]
    public static partial void IsNoWitness(ILogger logger, string name, string role, Height height);

    [LoggerMessage(LogLevel.Information, "HTTP API on {Address}")]
    public static partial void Serves(ILogger logger, string address);

    [LoggerMessage(LogLevel.Warning,
        "{Count} validators in mode {Mode} tolerate no fault; {Least} are the least that tolerate one")]
    public static partial void TooFew(ILogger logger, int count, ConsensusMode mode, int least);

    [LoggerMessage(LogLevel.Warning,
        "This validator has blocks and a new journal: it may have signed what it no longer knows. It "
        + "follows and stays silent until the network is provably past that. A key that has never signed "
        + "needs none of it: restore into an empty folder with --nothing-signed-since")]
    public static partial void IsSilent(ILogger logger);

    [LoggerMessage(LogLevel.Information, "Silent; waits for {Wish}")]
    public static partial void WaitsInSilence(ILogger logger, string wish);

    [LoggerMessage(
        LogLevel.Information, "The network is past what this validator may have signed: it may speak again")]
    public static partial void MaySpeak(ILogger logger);

    [LoggerMessage(LogLevel.Information, "Stopping")]
    public static partial void Stops(ILogger logger);

    [LoggerMessage(LogLevel.Critical, "The node cannot go on: {Reason}")]
    public static partial void Failed(ILogger logger, string reason);
}

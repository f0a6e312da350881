using System.CommandLine;
using System.Net.Http.Json;
using Ledger.Cli.Client;
using Ledger.Cli.Shell;
using Ledger.Core;
using Ledger.Node.Api;
using Ledger.Storage;

namespace Ledger.Cli.Commands;

/// <summary>
/// A ledger that nobody changes, to make a snapshot or a backup of: a checkpoint of a running node on this
/// machine, or of a stopped node's data folder. Given back when disposed.
/// </summary>
internal sealed class CheckpointSource : IAsyncDisposable
{
    private readonly Func<Task> _giveBack;
    private LedgerStore? _store;

    private CheckpointSource(string path, Func<Task> giveBack)
    {
        Path = path;
        _giveBack = giveBack;
    }

    public static Option<string> Data { get; } = new("--data")
    {
        Description = "The data folder of a node that is not running",
        HelpName = "DIR",
    };

    public static Option<string> Admin { get; } = new("--admin")
    {
        Description =
            "The administrative address of a running node on this machine, such as http://127.0.0.1:8081",
        HelpName = "URL",
    };

    /// <summary>A folder that holds the ledger.</summary>
    public string Path { get; }

    public static async Task<CheckpointSource> OpenAsync(
        ParseResult parsed, Genesis genesis, CancellationToken cancellationToken)
        => (parsed.GetValue(Data), parsed.GetValue(Admin)) switch
        {
            ({ } data, null) => OfFolder(data, genesis),
            (null, { } admin) => await OfNodeAsync(admin, cancellationToken),
            _ => throw new CliException(
                "which ledger is meant is not said", "name one with --data or --admin, and not both",
                ExitCode.Usage),
        };

    /// <summary>
    /// Opens the copy, which changes files beside those it consists of: what must be copied is copied before.
    /// </summary>
    public LedgerStore Store(Genesis genesis)
        => _store ??= LedgerStore.Open(Path, genesis.Hash, genesis.ChainId, StorageOptions.Default);

    /// <summary>
    /// The last block, and what shows that it is final; nothing does for the genesis block.
    /// </summary>
    public (BlockHeader Head, FinalityProof? Finality) Head(Genesis genesis)
    {
        var store = Store(genesis);
        var head = store.Head ?? throw new CliException("the ledger is empty", "start the node once");
        return (head, FinalityReader.Read(genesis, store, head.Height, head.Height));
    }

    public async ValueTask DisposeAsync()
    {
        _store?.Dispose();
        await _giveBack();
    }

    private static CheckpointSource OfFolder(string data, Genesis genesis)
    {
        var folder = DataFolder.OpenExisting(data, genesis.ChainId, genesis.Hash);
        try
        {
            RestoreMark.MustNotBeIn(folder.Root);
            IncomingLedger.Settle(folder.Root);
            using var store = LedgerStore.Open(
                folder.Root, genesis.Hash, genesis.ChainId, StorageOptions.Default);
            return new(LedgerCheckpoint.Make(store, folder.Root), () =>
            {
                LedgerCheckpoint.Remove(folder.Root);
                folder.Dispose();
                return Task.CompletedTask;
            });
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    private static async Task<CheckpointSource> OfNodeAsync(string admin, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(admin.TrimEnd('/') + "/admin/v1/checkpoint", UriKind.Absolute, out var uri))
        {
            throw new CliException(
                $"'{admin}' is no URL", "write it like http://127.0.0.1:8081", ExitCode.Usage);
        }

        HttpClient http = new();
        try
        {
            using var response = await http.PostAsync(uri, null, cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                var problem = await response.Content.ReadFromJsonAsync<ProblemReply>(cancellationToken);
                throw new CliException(
                    problem?.Detail ?? $"the node answers {response.StatusCode}", "look at its log");
            }

            var reply = (await response.Content.ReadFromJsonAsync<CheckpointReply>(cancellationToken))!;
            return new(reply.Path, async () =>
            {
                using (http)
                {
                    (await http.DeleteAsync(uri, CancellationToken.None)).Dispose();
                }
            });
        }
        catch (HttpRequestException failure)
        {
            http.Dispose();
            throw new CliException(
                $"{admin} does not answer ({failure.Message})",
                "name the admin.listen of a running node on this machine");
        }
        catch
        {
            http.Dispose();
            throw;
        }
    }
}

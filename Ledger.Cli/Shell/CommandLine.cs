using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Net.Sockets;
using Ledger.Cli.Client;
using Ledger.Cli.Commands;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Configuration;

namespace Ledger.Cli.Shell;

/// <summary>
/// Parses one command line, runs its command, and turns every way to end into an exit code.
/// </summary>
internal static class CommandLine
{
    public static async Task<int> RunAsync(
        IReadOnlyList<string> arguments, Terminal terminal, CancellationToken cancellationToken)
    {
        var parsed = Root(terminal).Parse(arguments);
        if (parsed.Errors.Count > 0 && parsed.Action is not (HelpWithExamples or null) && IsMistake(parsed))
        {
            return Explain(parsed, terminal);
        }

        try
        {
            InvocationConfiguration invocation = new()
            {
                Output = terminal.Output,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                // Signals are the program's: a devnet needs longer to stop than this library grants.
                ProcessTerminationTimeout = null,
            };
            return await parsed.InvokeAsync(invocation, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (CliException exception)
        {
            terminal.Fail(exception.Message);
            return exception.ExitCode;
        }
        catch (Exception exception) when (exception is RefusedException or NoNodeAnswersException)
        {
            terminal.Fail(exception.Message);
            return ExitCode.Failed;
        }
        catch (Exception exception)
            when (exception is GenesisException or ConfigurationException or KeyFileException)
        {
            terminal.Fail($"{exception.Message.TrimEnd('.')}; correct what it names");
            return ExitCode.BadConfiguration;
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or SocketException)
        {
            terminal.Fail($"{exception.Message.TrimEnd('.')}; "
                + (exception.Message.Contains("No space left", StringComparison.Ordinal)
                    ? "free some space and do it again"
                    : "check that the path exists and that you may use it"));
            return ExitCode.Failed;
        }
    }

    public static RootCommand Root(Terminal terminal)
    {
        RootCommand root = new("A permissioned ledger: run validators, submit transactions, look, measure.");
        foreach (var builtIn in root.Options.Where(option => option is VersionOption).ToList())
        {
            root.Options.Remove(builtIn);
        }

        root.Options.Add(VersionCommand.Option(terminal));
        root.Options.Add(CommonOptions.Json);
        root.Add(DevnetCommands.Build(terminal));
        root.Add(NetworkCommands.Build(terminal));
        root.Add(KeysCommands.Build(terminal));
        root.Add(TransactionCommands.Build(terminal));
        foreach (var command in StateCommands.Build(terminal)
            .Concat(LookCommands.Build(terminal)).Concat(NodeCommands.Build(terminal)))
        {
            root.Add(command);
        }

        root.Add(DoctorCommand.Build(terminal));
        root.Add(AdminCommands.Build(terminal));
        root.Add(ReceiptCommand.Build(terminal));
        root.Add(HeadersCommand.Build(terminal));
        root.Add(VerifyCommands.Build(terminal));
        root.Add(SnapshotCommands.Build(terminal));
        root.Add(BackupCommands.Build(terminal));
        root.Add(EvidenceCommand.Build(terminal));
        root.Add(BenchCommand.Build(terminal));
        root.Add(SimulateCommand.Build(terminal));
        root.Add(ReplayCommand.Build(terminal));
        root.Add(CompletionCommand.Build(terminal));
        root.Add(VersionCommand.Build(terminal));
        foreach (var help in root.Options.OfType<HelpOption>())
        {
            help.Action = new HelpWithExamples((HelpAction)help.Action!);
        }

        return root;
    }

    private static bool IsMistake(ParseResult parsed)
        => parsed.Action is System.CommandLine.Invocation.ParseErrorAction
            || parsed.Action?.ClearsParseErrors != true;

    private static int Explain(ParseResult parsed, Terminal terminal)
    {
        var help = $"see '{PathOf(parsed.CommandResult)} --help'";
        foreach (var error in parsed.Errors)
        {
            terminal.Fail($"{WordsFor(error).TrimEnd('.')}; {help}");
        }

        return ExitCode.Usage;
    }

    /// <summary>
    /// The parser names a type of the runtime where a value is not of it: say what to write instead.
    /// </summary>
    private static string WordsFor(ParseError error)
    {
        if (!error.Message.Contains("expected type", StringComparison.Ordinal))
        {
            return error.Message;
        }

        var (name, type) = error.SymbolResult switch
        {
            OptionResult option => (option.Option.Name, option.Option.ValueType),
            ArgumentResult argument => (argument.Argument.Name, argument.Argument.ValueType),
            _ => ("a value", typeof(string)),
        };
        var value = error.SymbolResult?.Tokens is [.., var last] ? $", not '{last.Value}'" : "";
        return $"{name} must be {KindOf(Nullable.GetUnderlyingType(type) ?? type)}{value}";
    }

    private static string KindOf(Type type)
        => type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type)).ToLowerInvariant()}"
            : Type.GetTypeCode(type) switch
            {
                TypeCode.Byte => "a whole number from 0 to 255",
                TypeCode.UInt64 => "a whole number of at least 0",
                _ => "a whole number",
            };

    private static string PathOf(System.CommandLine.Parsing.CommandResult result)
        => result.Parent is System.CommandLine.Parsing.CommandResult parent
            ? $"{PathOf(parent)} {result.Command.Name}"
            : "ledger";
}
